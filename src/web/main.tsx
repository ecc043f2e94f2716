import './ui/layers.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Router } from 'wouter';
import { basePath } from './api/base-path.ts';
import { App } from './app.tsx';
import { goOnAtLoad } from './codes/kept-challenge.ts';
import { takeCodes } from './hand-over/taken-code.ts';
import { startTexts } from './i18n/i18n.ts';
import { takeAnswers } from './prompts/answers.ts';
import { takeWishAtLoad } from './return/wish.ts';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has an element for the pages');
takeCodes();
takeAnswers();
takeWishAtLoad();
goOnAtLoad();
const texts = await startTexts();
createRoot(root).render(
  <StrictMode>
    <Router base={basePath}>
      <App language={() => texts.language} />
    </Router>
  </StrictMode>,
);
